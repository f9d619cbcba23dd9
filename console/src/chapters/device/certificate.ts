// The place where the files of a device with a certificate get their names, and the way to try it out.
import type { DescribeDeviceConnectionResponse } from '../../api/gen';

/** The names that the official device SDKs look for. */
export const certificateFile = (device: string) => `${device}_cert.crt`;
export const keyFile = (device: string) => `${device}_private.key`;

/** A line for a shell that connects as the device and reports. */
export function tryOut(productId: string, device: string, to: DescribeDeviceConnectionResponse): string {
  return [
    `mosquitto_pub -h ${to.Host} -p ${to.MqttsPort} --cafile ca.pem`,
    `--cert ${certificateFile(device)} --key ${keyFile(device)} -i ${to.ClientId} -q 1`,
    `-t '$thing/up/property/${productId}/${device}'`,
    `-m '{"method":"report","clientToken":"1","params":{}}'`,
  ].join(' ');
}
