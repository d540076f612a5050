import { screen } from "../../app/screens.ts";

export default screen({
  path: "/campaigns/$campaignId/import",
  title: { en: "Import contacts", vi: "Nhập liên hệ" },
  roles: ["owner", "supervisor"],
  load: () => import("./Import.tsx"),
});
