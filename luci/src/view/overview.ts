/** Network > HA Gateway: a few lines, since all of it is in the shared bundle (resources/hagw/app.js). */
declare const app: { version: string; showOverview(): HTMLElement };

export const handleSave = null;
export const handleSaveApply = null;
export const handleReset = null;

export function render(): HTMLElement {
  if (app.version === HAGW_VERSION) return app.showOverview();
  // The browser kept one of the two files over an upgrade.
  const notice = document.createElement('div');
  notice.className = 'alert-message warning';
  notice.textContent = _(
    'The HA gateway was upgraded. Reload this page without the cache (Shift and reload).',
  );
  return notice;
}
