export const en = {
  title: "Choose a new password",
  noToken: "This link is incomplete. Ask an owner for a new one.",
  password: "New password",
  repeated: "The same again",
  differ: "The two are not the same.",
  act: "Set the password",
  done: "The password is set. Sign in with it.",
  signIn: "To the sign-in",
};
