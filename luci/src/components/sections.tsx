import type { ComponentChildren } from 'preact';
import type { Status, VrrpInstance, WanStatus } from '../../../src/api/status.ts';
import { type Column, Pill, Section, Table, Unknown, When } from './parts.tsx';
import { linkTone, linkWord, upWord, vrrpTone, vrrpWord } from './words.ts';

/** One address per line, so that each stays in one piece. */
function Addresses({ list }: { list: readonly string[] }) {
  if (list.length === 0) return <>–</>;
  return (
    <>
      {list.map((text) => (
        <div key={text}>{text}</div>
      ))}
    </>
  );
}

export function Wans({ status }: { status: Status }) {
  const why: Column<WanStatus> = { title: _('Why'), wide: true, cell: (wan) => wan.reason || '–' };
  return (
    <Section title={_('WAN links')}>
      <Table<WanStatus>
        caption={_('WAN links of this router')}
        rows={status.wans}
        rowKey={(wan) => `${wan.name} ${wan.family}`}
        empty={_('No WAN is configured.')}
        columns={[
          { title: _('WAN'), cell: (wan) => <strong>{wan.name}</strong> },
          {
            title: _('State'),
            cell: (wan) => <Pill tone={linkTone(wan.state)}>{linkWord(wan.state)}</Pill>,
          },
          { title: _('Since'), cell: (wan) => <When at={wan.since} now={status.time} /> },
          { title: _('Interface'), cell: (wan) => `${wan.device ?? '–'} (${upWord(wan.up)})` },
          { title: _('Address'), cell: (wan) => <Addresses list={wan.addresses} /> },
          { title: _('Gateway'), cell: (wan) => wan.gateway ?? '–' },
          ...(status.wans.some((wan) => wan.reason !== '') ? [why] : []),
        ]}
      />
    </Section>
  );
}

export function VirtualRouters({ status }: { status: Status }) {
  const { vrrp } = status;
  return (
    <Section title={_('Virtual addresses')}>
      {vrrp.known ? (
        <Table<VrrpInstance>
          caption={_('Virtual addresses and the state of each VRRP instance')}
          rows={vrrp.instances}
          rowKey={(instance) => instance.name}
          empty={_('keepalived has no VRRP instance.')}
          columns={[
            { title: _('Instance'), cell: (instance) => <strong>{instance.name}</strong> },
            {
              title: _('State'),
              cell: (instance) => <Pill tone={vrrpTone(instance.state)}>{vrrpWord(instance.state)}</Pill>,
            },
            { title: _('Since'), cell: (instance) => <When at={instance.since} now={status.time} /> },
            { title: _('Device'), cell: (instance) => instance.device },
            {
              title: _('Virtual addresses'),
              cell: ({ virtual_addresses }) => (
                <Addresses
                  list={virtual_addresses.map(({ address, set }) =>
                    set === true ? `${address} (${_('here')})` : address,
                  )}
                />
              ),
            },
            { title: _('Priority'), cell: (instance) => instance.effective_priority ?? instance.priority },
          ]}
        />
      ) : (
        <Unknown reason={vrrp.reason} />
      )}
    </Section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="cbi-value">
      <div class="cbi-value-title">{name}</div>
      <div class="cbi-value-field">{children}</div>
    </div>
  );
}

export function Synchronisation({ status }: { status: Status }) {
  const { conntrack, leases, partner, time } = status;
  const entries = `${conntrack.internal_entries ?? '–'} / ${conntrack.external_entries ?? '–'}`;
  return (
    <Section title={_('Between the routers')}>
      <Fact name={_('Partner')}>
        <strong>{partner.name ?? '–'}</strong>{' '}
        {partner.known ? <When at={partner.last_seen} now={time} /> : partner.reason}
      </Fact>
      <Fact name={_('Connections (own / for the partner)')}>
        {conntrack.known ? entries : conntrack.reason}
      </Fact>
      <Fact name={_('DHCP leases (IPv4 / IPv6)')}>
        {leases.known ? `${leases.ipv4} / ${leases.ipv6}` : leases.reason}
      </Fact>
    </Section>
  );
}
