import { Component, type ComponentChildren } from 'preact';
import type { StatusModel } from '../models/status-model.ts';
import { Synchronisation, VirtualRouters, Wans } from './sections.tsx';
import { Problems, Summary } from './summary.tsx';
import { Timeline } from './timeline.tsx';
import { momentText } from './times.ts';
import { failureText } from './words.ts';

/** Shows what a defect of the page itself has thrown, instead of an empty page: LuCI shows nothing of it. */
class Guard extends Component<{ children: ComponentChildren }, { broken: string | null }> {
  override state = { broken: null };

  static override getDerivedStateFromError(error: unknown) {
    return { broken: String(error) };
  }

  override render() {
    const { broken } = this.state;
    if (broken === null) return <>{this.props.children}</>;
    return <div class="alert-message error">{`${_('This page is broken:')} ${String(broken)}`}</div>;
  }
}

function Body({ model }: { model: StatusModel }) {
  const status = model.status.value;
  const health = model.health.value;
  const failure = model.failure.value;
  if (status === null || health === null) {
    return failure === null ? <p class="spinning">{_('Reading the gateway…')}</p> : null;
  }
  return (
    <div class={failure === null ? '' : 'hagw-stale'}>
      <Summary status={status} health={health} stale={failure !== null} />
      <Problems problems={health.problems} now={status.time} />
      <VirtualRouters status={status} />
      <Wans status={status} />
      <Synchronisation status={status} />
      <Timeline events={model.events.value} now={status.time} />
      <Actions model={model} />
    </div>
  );
}

function Failure({ model }: { model: StatusModel }) {
  const failure = model.failure.value;
  if (failure === null) return null;
  const status = model.status.value;
  return (
    <div class="alert-message error" role="alert" title={failure.message}>
      <p class="hagw-headline">
        <strong>{failureText(failure.kind)}</strong>
      </p>
      {status === null ? null : (
        <p>
          {_('Shown below is what was last known, at this time:')}{' '}
          {momentText(status.time, document.documentElement.lang)}
        </p>
      )}
    </div>
  );
}

function Actions({ model }: { model: StatusModel }) {
  const busy = model.reloading.value;
  return (
    <div class="right">
      <button
        type="button"
        class={`btn cbi-button cbi-button-apply${busy ? ' spinning' : ''}`}
        disabled={busy || !model.mayWrite || model.failure.value !== null}
        title={
          model.mayWrite
            ? _('Makes the service read its configuration and all states again.')
            : _('This login may only look.')
        }
        onClick={() => void model.reload()}
      >
        {_('Read everything anew')}
      </button>
    </div>
  );
}

export function Overview({ model }: { model: StatusModel }) {
  return (
    <div class="cbi-map hagw">
      <h2>{_('HA Gateway')}</h2>
      <Guard>
        <Failure model={model} />
        <Body model={model} />
      </Guard>
    </div>
  );
}
