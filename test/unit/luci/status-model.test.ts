import { describe, expect, it } from 'vitest';
import { BackendError } from '../../../luci/src/backend/backend.ts';
import { keepFresh, type Page } from '../../../luci/src/models/live.ts';
import { createStatusModel } from '../../../luci/src/models/status-model.ts';
import { FakeBackend, sampleEvent } from '../../fakes/backend.ts';

describe('status model', () => {
  it('holds what the backend said, events newest first', async () => {
    const backend = new FakeBackend();
    backend.timeline = [sampleEvent(1), sampleEvent(2)];
    const model = createStatusModel(backend);
    expect(model.status.value).toBeNull();
    await model.refresh();
    expect(model.status.value?.router.name).toBe('gw-a');
    expect(model.events.value.map((event) => event.seq)).toEqual([2, 1]);
  });

  it('asks only for events it has not seen', async () => {
    const backend = new FakeBackend();
    backend.timeline = [sampleEvent(1)];
    const model = createStatusModel(backend);
    await model.refresh();
    backend.timeline.push(sampleEvent(2));
    await model.refresh();
    expect(model.events.value.map((event) => event.seq)).toEqual([2, 1]);
  });

  it('begins anew when the service has started anew', async () => {
    const backend = new FakeBackend();
    backend.timeline = [sampleEvent(1), sampleEvent(2), sampleEvent(3)];
    const model = createStatusModel(backend);
    await model.refresh();
    backend.run = 'run-2';
    backend.timeline = [sampleEvent(1, 'hagw started')];
    await model.refresh();
    expect(model.events.value.map((event) => event.text)).toEqual(['hagw started']);
    backend.timeline.push(sampleEvent(2, 'later'));
    await model.refresh();
    expect(model.events.value.map((event) => event.text)).toEqual(['later', 'hagw started']);
  });

  it('keeps the last known state when the service is gone, and says so', async () => {
    const backend = new FakeBackend();
    const model = createStatusModel(backend);
    await model.refresh();
    backend.failure = new BackendError('service-down', 'gone');
    await model.refresh();
    expect(model.failure.value?.kind).toBe('service-down');
    expect(model.status.value?.router.name).toBe('gw-a');
    backend.failure = null;
    await model.refresh();
    expect(model.failure.value).toBeNull();
  });

  it('turns any other failure into one of its own', async () => {
    const backend = new FakeBackend();
    backend.failure = new Error('odd');
    const model = createStatusModel(backend);
    await model.refresh();
    expect(model.failure.value).toMatchObject({ kind: 'failed', message: 'Error: odd' });
  });

  it('asks once more for what was asked while it was asking', async () => {
    const backend = new FakeBackend();
    const model = createStatusModel(backend);
    await Promise.all([model.refresh(), model.refresh(), model.refresh()]);
    expect(backend.statusCalls).toBe(2);
  });

  it('reloads and then shows the new state; a refusal is shown', async () => {
    const backend = new FakeBackend();
    const model = createStatusModel(backend);
    const done = model.reload();
    expect(model.reloading.value).toBe(true);
    await done;
    expect(model.reloading.value).toBe(false);
    expect(backend.reloads).toBe(1);
    expect(model.status.value).not.toBeNull();
    backend.failure = new BackendError('forbidden', 'no');
    await model.reload();
    expect(model.failure.value?.kind).toBe('forbidden');
    expect(model.reloading.value).toBe(false);
  });
});

describe('keepFresh', () => {
  function fakePage() {
    const page = { hidden: false, ticks: [] as (() => void)[], shown: [] as (() => void)[], stopped: 0 };
    const port: Page = {
      every(_ms, run) {
        page.ticks.push(run);
        return () => {
          page.stopped += 1;
        };
      },
      isHidden: () => page.hidden,
      onVisible(run) {
        page.shown.push(run);
        return () => {
          page.stopped += 1;
        };
      },
    };
    return { page, port };
  }

  it('asks at an announcement, at a tick and when the tab is shown, but not while hidden', async () => {
    const backend = new FakeBackend();
    const model = createStatusModel(backend);
    const { page, port } = fakePage();
    const stop = keepFresh(model, backend, port);
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    backend.announce();
    await settle();
    expect(backend.statusCalls).toBe(1);
    page.hidden = true;
    page.ticks[0]?.();
    await settle();
    expect(backend.statusCalls).toBe(1);
    page.hidden = false;
    page.shown[0]?.();
    await settle();
    expect(backend.statusCalls).toBe(2);
    stop();
    expect(page.stopped).toBe(2);
    expect(backend.followerCount).toBe(0);
  });
});
