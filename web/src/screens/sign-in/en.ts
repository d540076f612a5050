export const en = {
  title: "Sign in",
  login: "E-mail or phone number",
  password: "Password",
  act: "Sign in",
  wrong: "E-mail, phone number or password is wrong.",
  limited: (seconds: string) => `Too many attempts. Try again in ${seconds} seconds.`,
  openid: (name: string) => `Sign in with ${name}`,
  forgotten: "Forgotten? An owner can give you a link for a new password.",
  version: (version: string) => `Version ${version}`,
};
