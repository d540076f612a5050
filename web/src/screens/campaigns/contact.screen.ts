import { screen } from "../../app/screens.ts";

export default screen({
  path: "/campaigns/$campaignId/contacts/$contactId",
  title: { en: "Contact", vi: "Liên hệ" },
  roles: ["owner", "supervisor", "viewer"],
  load: () => import("./Contact.tsx"),
});
