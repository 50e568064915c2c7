/**
 * Transfer: a model with word vectors that it got in Python (examples/models/sentences.py) learns here, from 24 sentences,
 * which department a message is for. Only its last layer is trained. Because similar words have similar vectors, it also
 * places messages whose words are not in the 24.
 *
 * Run from the root of the repository: `npx tsx examples/text-transfer.ts`.
 */
import { fit } from "savedmodel";
import { Sentences } from "../generated/sentences.js";

const DEPARTMENTS = ["delivery", "payments", "support"] as const;

/** Messages to each department, and messages that it might receive next. */
const LEARNED: Readonly<Record<(typeof DEPARTMENTS)[number], readonly string[]>> = {
  delivery: [
    "Where is my parcel?",
    "The courier was not at the door.",
    "My package has not arrived yet.",
    "Is there a tracking number for this?",
    "When will the box be delivered?",
    "You have the wrong address of mine.",
    "It was lost in the post!",
    "The driver was late again.",
  ],
  payments: [
    "I would like a refund, please.",
    "There is a mistake on my invoice.",
    "Why was my card charged?",
    "I have paid this bill before.",
    "The price is not what it was on Monday.",
    "Can I get a receipt for it?",
    "Is there a discount for two?",
    "The fee is not what you said.",
  ],
  support: [
    "The app crashes all the time.",
    "I forgot my password.",
    "I am not able to login today.",
    "There is an error on the website.",
    "The screen is black after the update.",
    "This button does nothing.",
    "How do I install it on a new phone?",
    "The page is still loading.",
  ],
};
const NEW: Readonly<Record<(typeof DEPARTMENTS)[number], readonly string[]>> = {
  delivery: ["Your truck left the shipment at the warehouse.", "Customs: has it been dispatched?"],
  payments: ["The bank took the money twice, and the tax too.", "What does a subscription cost in euros?"],
  support: ["My computer freezes in the browser.", "A bug: my account is frozen after one click."],
};

const columnsOf = (messages: typeof LEARNED): { readonly texts: readonly string[]; readonly labels: Int32Array } => {
  const labelled = DEPARTMENTS.flatMap((name, label) => messages[name].map((text) => ({ text, label })));
  return { texts: labelled.map(({ text }) => text), labels: Int32Array.from(labelled, ({ label }) => label) };
};
const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/\p{L}+/gu) ?? [];

const learned = columnsOf(LEARNED);
const unseen = columnsOf(NEW);

using model = Sentences.load();
const before = model.evaluate(unseen.texts, unseen.labels);
const history = await fit(model.train, [learned.texts, learned.labels, 0.5], {
  epochs: 30,
  batchSize: 8,
  shuffle: { seed: 1 },
  progress: false,
});
const after = model.evaluate(unseen.texts, unseen.labels);

const known = new Set(learned.texts.flatMap(wordsOf));
const { labels, probabilities } = model.classify(unseen.texts);
const [first, last] = [history.epochs[0], history.epochs.at(-1)];
console.log(
  `${learned.texts.length} sentences, ${history.epochs.length} epochs: loss ${first?.metrics.loss.toFixed(3)} at first, ${last?.metrics.loss.toFixed(3)} at last`,
);
console.log(
  `new messages that are placed right: ${Math.round(before.accuracy * unseen.texts.length)} before, ${Math.round(after.accuracy * unseen.texts.length)} of ${unseen.texts.length} after`,
);
for (const [index, text] of unseen.texts.entries()) {
  const label = labels.toArray()[index] ?? 0;
  const likely = probabilities.toArray()[index]?.[label] ?? 0;
  const novel = wordsOf(text).filter((word) => !known.has(word));
  console.log(
    `  ${(DEPARTMENTS[label] ?? "").padEnd(8)} ${(100 * likely).toFixed(0).padStart(3)} %  ${text}  (not seen before: ${novel.join(", ")})`,
  );
}
