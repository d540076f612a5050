export const en = {
  title: "Pause reasons",
  explained: "Agents choose one of these when they pause, in this order, or write another one.",
  none: "There is none yet",
  noneText: "Agents are offered those of the console: lunch, short break, meeting, training.",
  reason: "Reason",
  add: "Add",
  added: (reason: string) => `${reason} is added`,
  up: "Move up",
  remove: "Remove",
  removed: (reason: string) => `${reason} is removed`,
  there: "The list has it already",
};
