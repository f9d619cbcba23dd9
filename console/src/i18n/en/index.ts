// The place where the English words are put together; a missing key does not compile.
import type { Words } from '..';
import { account, confirmWords, doing, error, list, nav, range, said } from './common';
import { cert } from './cert';
import { device, diagnosis } from './device';
import { instance } from './instance';
import { model } from './model';
import { product } from './product';
import { project } from './project';
import { service } from './service';
import { topicMeaning } from './topics';

export const en: Words = {
  account,
  cert,
  confirm: confirmWords,
  device,
  diagnosis,
  do: doing,
  error,
  instance,
  list,
  model,
  nav,
  product,
  project,
  range,
  said,
  service,
  topicMeaning,
};
