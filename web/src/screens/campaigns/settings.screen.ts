import { screen } from "../../app/screens.ts";

export default screen({
  path: "/campaigns/$campaignId/settings",
  title: { en: "Settings of a campaign", vi: "Cài đặt chiến dịch" },
  roles: ["owner", "supervisor"],
  load: () => import("./form/Change.tsx"),
});
