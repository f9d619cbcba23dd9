// The place where the words of the project chapter are.
import type { Words } from '..';

export const project: Words['project'] = {
  title: 'Projects',
  one: 'Project',
  new: 'New project',
  edit: 'Edit project',
  manage: 'Manage projects',
  name: 'Project name',
  id: 'Project ID',
  desc: 'Description',
  nameRule: '1–64 characters',
  descRule: 'At most 255 characters',
  products: 'Products',
  devices: 'Devices',
  created: 'Created',
  delete: 'Delete project',
  deleteBody: 'Project "{{name}}" cannot be restored. A project that has products cannot be deleted.',
  default: 'Default',
  search: 'Search project name',
  empty: 'No projects yet',
  emptyText: 'Products belong to projects. Create one first.',
};
