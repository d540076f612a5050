import { screen } from "../../app/screens.ts";

export default screen({
  path: "/campaigns/$campaignId",
  title: { en: "Campaign", vi: "Chiến dịch" },
  roles: ["owner", "supervisor", "viewer"],
  load: () => import("./Campaign.tsx"),
});
