// The place where the Chinese words are put together; they are the source of all keys.
import { account, confirmWords, doing, error, list, nav, range, said } from './common';
import { cert } from './cert';
import { device, diagnosis } from './device';
import { instance } from './instance';
import { model } from './model';
import { product } from './product';
import { project } from './project';
import { service } from './service';
import { topicMeaning } from './topics';

export const zh = {
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
