export const en = {
  title: "Set up Tongdai",
  intro: "There is no user yet. The first one is the owner, who may do everything.",
  token: "Token",
  tokenHint: "The server printed it when it started. This page works on the server's own machine only.",
  tenant: "Name of the company",
  name: "Your name",
  login: "Your e-mail or phone number",
  password: "Password",
  passwordHint: "At least 10 characters",
  act: "Create the owner",
};
