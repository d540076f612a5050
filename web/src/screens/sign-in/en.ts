export const en = {
  title: "Sign in",
  login: "E-mail or phone number",
  password: "Password",
  act: "Sign in",
  wrong: "E-mail, phone number or password is wrong.",
  limited: (seconds: string) => `Too many attempts. Try again in ${seconds} seconds.`,
  openid: (name: string) => `Sign in with ${name}`,
  openidFailed: {
    unavailable: (name: string) => `${name} cannot be reached now. Try again, or sign in with a password.`,
    failed: (name: string) => `The sign-in at ${name} did not succeed or took too long. Try again.`,
    unverified: (name: string) => `${name} has no e-mail address of yours that it has verified.`,
    unknown_user: (name: string) => `${name} knows you, but nobody with your e-mail address may sign in here. Ask an owner to add you.`,
  },
  forgotten: "Forgotten? An owner can give you a link for a new password.",
  version: (version: string) => `Version ${version}`,
};
