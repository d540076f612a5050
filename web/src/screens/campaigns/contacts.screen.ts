import { screen } from "../../app/screens.ts";

export default screen({
  path: "/campaigns/$campaignId/contacts",
  title: { en: "Contacts", vi: "Liên hệ" },
  roles: ["owner", "supervisor", "viewer"],
  load: () => import("./Contacts.tsx"),
});
