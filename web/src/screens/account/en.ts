export const en = {
  title: "My account",
  login: "Login",
  until: "Signed in until",
  change: "Change the password",
  current: "Present password",
  next: "New password",
  act: "Change",
  done: "The password is changed.",
};
