import { type Codec, codecOf, type FieldsOf, type MessageOf } from "../../saved-model/proto/decode.js";
import { schema } from "../../saved-model/proto/schema.js";
import { masterSchema } from "./master-schema.js";

type Messages = typeof schema & typeof masterSchema;

const messages: Messages = { ...schema, ...masterSchema };

/** A decoded message of the master's protocol. */
export type MasterMessage<Name extends keyof Messages> = MessageOf<Messages, Name>;

/** Fields of a message to encode. */
export type MasterFields<Name extends keyof Messages> = FieldsOf<Messages, Name>;

/** Decodes and encodes the messages of the master's protocol. */
export const codec: Codec<Messages> = codecOf(messages);
