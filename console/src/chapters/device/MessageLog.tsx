// The place where messages between a device and the cloud are seen as they go (通信日志).
import { CopyIcon, DeleteIcon, PauseIcon, PlayIcon } from 'tdesign-icons-react';
import { useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../api/live';
import { copy, formatTime, pretty, Radios, say } from '../../kit';
import { useDevice } from './context';
import { addLines, filterLines, NO_LINES, textOf, type Line, type Lines, type Way } from './messages';
import { shortTopic } from './topics';
import { DeviceStatus } from './words';

export function MessageLog() {
  const { t } = useTranslation();
  const { productId, name, status } = useDevice();
  const { lines, paused, waiting, connected, pause, clear } = useLines(
    `device/${productId}/${name}/messages`,
  );
  const [way, setWay] = useState<Way>('all');
  const [text, setText] = useState('');
  const shown = filterLines(lines.list, way, text);
  const onCopy = async () => {
    const whole = textOf(shown, (at) => formatTime(at, true));
    if (await copy(whole)) say.success(t('device.copiedLines', { n: shown.length }));
    else say.error(t('said.notCopied'));
  };
  return (
    <section className="debug-log" aria-label={t('device.messages')}>
      <header className="debug-log-head">
        <h2>{t('device.messages')}</h2>
        <DeviceStatus status={status} />
        {!connected && <span className="debug-lost">{t('said.offline')}</span>}
        <span className="k-spacer" />
        <button type="button" aria-pressed={paused} onClick={pause}>
          {paused ? <PlayIcon /> : <PauseIcon />}
          {paused ? t('device.resume', { n: waiting }) : t('device.pause')}
        </button>
        <button type="button" disabled={shown.length === 0} onClick={() => void onCopy()}>
          <CopyIcon />
          {t('do.copy')}
        </button>
        <button type="button" disabled={lines.list.length === 0} onClick={clear}>
          <DeleteIcon />
          {t('do.clear')}
        </button>
      </header>
      <div className="debug-log-filter">
        <Radios
          segmented
          label={t('device.direction')}
          value={way}
          onChange={setWay}
          options={[
            { value: 'all', text: t('device.bothWays') },
            { value: 'up', text: `↑ ${t('device.up')}` },
            { value: 'down', text: `↓ ${t('device.down')}` },
          ]}
        />
        <input
          type="search"
          aria-label={t('device.filterMessages')}
          placeholder={t('device.filterMessages')}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      {lines.lost && <p className="debug-lost">{t('device.lostMessages')}</p>}
      <Scroller lines={shown} empty={lines.list.length === 0 ? t('device.noMessages') : t('list.nothing')} />
    </section>
  );
}

/** Messages since the page was opened; while paused they wait. */
function useLines(topic: string) {
  const [lines, setLines] = useState<Lines>(NO_LINES);
  /** What is shown while paused. */
  const [still, setStill] = useState<Lines>();
  const connected = useLive(topic, {
    onDelta: ({ Messages = [], Lost }) => setLines((old) => addLines(old, Messages, Lost)),
  });
  return {
    lines: still ?? lines,
    paused: still !== undefined,
    waiting: still ? lines.next - still.next : 0,
    connected,
    pause: () => setStill(still ? undefined : lines),
    clear: () => {
      setLines((old) => ({ ...NO_LINES, next: old.next }));
      setStill((old) => old && { ...NO_LINES, next: old.next });
    },
  };
}

/** Pixels from the end that still count as its end. */
const NEAR = 40;

/** Keeps to the newest line until its user looks up. */
function Scroller({ lines, empty }: { lines: readonly Line[]; empty: string }) {
  const { t } = useTranslation();
  const { productId, name } = useDevice();
  const box = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  useLayoutEffect(() => {
    if (follow.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  const toggle = (n: number) => {
    const next = new Set(open);
    if (!next.delete(n)) next.add(n);
    setOpen(next);
  };
  return (
    <div
      ref={box}
      className="debug-lines"
      role="log"
      aria-label={t('device.messages')}
      tabIndex={0}
      onScroll={({ currentTarget: at }) => {
        follow.current = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR;
      }}
    >
      {lines.length === 0 && <p className="debug-none">{empty}</p>}
      {lines.map((line) => (
        <button
          key={line.n}
          type="button"
          className={`debug-line is-${line.Direction === 'up' ? 'up' : 'down'}`}
          aria-expanded={open.has(line.n)}
          onClick={() => toggle(line.n)}
        >
          <span className="debug-line-head">
            <time>{formatTime(line.Time, true).slice(11)}</time>
            <b aria-label={t(line.Direction === 'up' ? 'device.up' : 'device.down')}>
              {line.Direction === 'up' ? '↑' : '↓'}
            </b>
            <span title={line.Topic}>
              {open.has(line.n) ? line.Topic : shortTopic(line.Topic, productId, name)}
            </span>
            {line.method && <em>{line.method}</em>}
          </span>
          <span className="debug-line-text">{open.has(line.n) ? pretty(line.Payload) : line.Payload}</span>
        </button>
      ))}
    </div>
  );
}
