import type { Health, Problem, Status } from '../../../src/api/status.ts';
import { Pill, Section, When } from './parts.tsx';
import { healthWord, severityTone, severityWord, vrrpTone, vrrpWord } from './words.ts';

const BANNERS = { ok: 'success', notice: 'notice', warning: 'warning', error: 'error' } as const;

/**
 * What an administrator reads first: is the gateway healthy, and what is this router in it. Of a state that is no
 * longer fresh it says so, in no colour: nothing here may look healthy that nobody has seen.
 */
export function Summary({ status, health, stale }: { status: Status; health: Health; stale: boolean }) {
  const { router, time } = status;
  const tone = health.state === 'ok' ? 'good' : severityTone(health.state);
  return (
    <div class={`alert-message hagw-summary ${stale ? '' : BANNERS[health.state]}`}>
      <div role="status">
        <p class="hagw-headline">
          <Pill tone={stale ? 'plain' : tone}>{stale ? _('last known') : healthWord(health.state)}</Pill>{' '}
          <strong>{health.summary}</strong>
        </p>
        <p>
          {_('This router:')} <strong>{router.name ?? router.hostname}</strong>{' '}
          <Pill tone={stale ? 'plain' : vrrpTone(router.role)}>{vrrpWord(router.role)}</Pill>
        </p>
      </div>
      <p>
        {router.known ? router.role_reason : router.reason}{' '}
        {router.since === null ? null : (
          <>
            (<When at={router.since} now={time} />)
          </>
        )}
      </p>
    </div>
  );
}

/** What is wrong, worst first, and what to do about each, in the service's words. */
export function Problems({ problems, now }: { problems: readonly Problem[]; now: number }) {
  if (problems.length === 0) return null;
  return (
    <Section title={_('Problems')}>
      <ul class="hagw-problems">
        {problems.map((problem) => (
          <li key={`${problem.code} ${problem.where}`}>
            <div>
              <Pill tone={severityTone(problem.severity)}>{severityWord(problem.severity)}</Pill>{' '}
              <strong>{problem.title}</strong> {problem.where === '' ? null : <code>{problem.where}</code>}{' '}
              {problem.since === null ? null : <When at={problem.since} now={now} />}
            </div>
            <div>{problem.text}</div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
