import { useSignal } from '@preact/signals';
import type { TimelineEvent } from '../../../src/api/status.ts';
import { Section, Table, When } from './parts.tsx';

/** Events that are shown before anybody asks for more. */
const FIRST_EVENTS = 8;

export function Timeline({ events, now }: { events: readonly TimelineEvent[]; now: number }) {
  const all = useSignal(false);
  return (
    <Section title={_('Last events')}>
      <Table<TimelineEvent>
        caption={_('Last events, newest first')}
        rows={all.value ? events : events.slice(0, FIRST_EVENTS)}
        rowKey={(event) => event.seq}
        empty={_('Nothing has happened since the service started.')}
        columns={[
          { title: _('Time'), cell: (event) => <When at={event.at} now={now} /> },
          { title: _('Router'), cell: (event) => event.router },
          { title: _('What'), wide: true, cell: (event) => event.text },
        ]}
      />
      {events.length > FIRST_EVENTS ? (
        <button
          type="button"
          class="btn cbi-button"
          aria-expanded={all.value}
          onClick={() => {
            all.value = !all.value;
          }}
        >
          {all.value ? _('Show fewer') : _('Show all')}
        </button>
      ) : null}
    </Section>
  );
}
