// The place where the words of the device rooms are.
export const device = {
  title: '设备管理',
  debugTitle: '设备调试',
};
