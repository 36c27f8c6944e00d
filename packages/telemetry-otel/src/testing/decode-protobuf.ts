/** The fields of a message by their numbers: their names in JSON and their types. */
export type MessageType = Readonly<Record<number, Field>>;

export interface Field {
  readonly name: string;
  readonly type: 'text' | 'hex' | 'number' | 'fixed64' | 'double' | MessageType;
  readonly repeats?: boolean | undefined;
}

type Message = Record<string, unknown>;

/** Decodes a message into its JSON form. Fields that the type does not name are left out. */
export function decodeProtobuf(bytes: Uint8Array, type: MessageType): Message {
  const message: Message = {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = view.getUint8(at++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  /** Reads one value by its wire type, and returns its JSON form. */
  const readers: Readonly<Record<number, (field: Field | undefined) => unknown>> = {
    0: () => varint(),
    1: (field) => {
      at += 8;
      return field?.type === 'double' ? view.getFloat64(at - 8, true) : String(view.getBigUint64(at - 8, true));
    },
    2: (field) => {
      const length = varint();
      const content = bytes.subarray(at, (at += length));
      if (typeof field?.type === 'object') return decodeProtobuf(content, field.type);
      return Buffer.from(content).toString(field?.type === 'hex' ? 'hex' : 'utf8');
    },
    5: () => {
      at += 4;
      return view.getUint32(at - 4, true);
    },
  };
  while (at < bytes.byteLength) {
    const tag = varint();
    const field = type[Math.floor(tag / 8)];
    const read = readers[tag % 8];
    if (read === undefined) throw new Error(`no wire type: ${tag % 8}`);
    const value = read(field);
    if (field === undefined) continue;
    if (field.repeats === true) message[field.name] = [...((message[field.name] as unknown[]) ?? []), value];
    else message[field.name] = value;
  }
  return message;
}
