// The place where the files that a device has for TLS get their names, and the way to try them out.
import type { DescribeDeviceConnectionResponse } from '../../api/gen';

/** The names that the official device SDKs look for. */
export const certificateFile = (device: string) => `${device}_cert.crt`;
export const keyFile = (device: string) => `${device}_private.key`;
/** By which it checks the server. */
export const CA_FILE = 'ca.pem';

/** A line for a shell that connects as the device and reports. */
export function tryOut(productId: string, device: string, to: DescribeDeviceConnectionResponse): string {
  return [
    `mosquitto_pub -h ${to.Host} -p ${to.MqttsPort} --cafile ${CA_FILE}`,
    `--cert ${certificateFile(device)} --key ${keyFile(device)} -i ${to.ClientId} -q 1`,
    `-t '$thing/up/property/${productId}/${device}'`,
    `-m '{"method":"report","clientToken":"1","params":{}}'`,
  ].join(' ');
}
