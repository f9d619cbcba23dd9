// The place where the console knows who is logged in.
import { create } from 'zustand';

export interface User {
  uin: string;
  name: string;
  version: string;
}

interface Session {
  /** `undefined`: not asked yet. */
  user?: User | null;
  /** The session ended while pages were open. */
  expired: boolean;
  enter: (user: User) => void;
  leave: (expired?: boolean) => void;
}

export const useSession = create<Session>((set) => ({
  expired: false,
  enter: (user) => set({ user, expired: false }),
  leave: (expired = false) => set({ user: null, expired }),
}));

export const useUser = () => useSession((state) => state.user);
