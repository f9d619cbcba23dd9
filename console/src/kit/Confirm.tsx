// The place where people are asked before something is deleted, disabled or overwritten.
import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import { create } from 'zustand';

const ConfirmDialog = lazy(() => import('./ConfirmDialog'));

export interface Question {
  title: string;
  body?: ReactNode;
  /** Text of the button that does it. */
  yes?: string;
  danger?: boolean;
  /** This must be typed before the button works. */
  typed?: string;
  /** Does it; the dialog waits and shows what went wrong. */
  run: () => Promise<unknown>;
}

interface Asked {
  question?: Question;
  ask: (question?: Question) => void;
}

const useAsked = create<Asked>((set) => ({ ask: (question) => set({ question }) }));

/** Ends a question, unless another one has taken its place meanwhile. */
function end(question: Question): void {
  if (useAsked.getState().question === question) useAsked.getState().ask(undefined);
}

/** Opens the question; `run` is called if the answer is yes. */
export function confirm(question: Question): void {
  useAsked.getState().ask(question);
}

/** Stands once in the shell. */
export function ConfirmHost() {
  const question = useAsked((state) => state.question);
  // When the session ends, so does what was asked in it.
  useEffect(() => () => useAsked.getState().ask(undefined), []);
  if (!question) return null;
  return (
    <Suspense fallback={null}>
      <ConfirmDialog key={question.title} question={question} onClose={() => end(question)} />
    </Suspense>
  );
}
