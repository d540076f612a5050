import { screen } from "../../app/screens.ts";

export default screen({
  path: "/campaigns/new",
  title: { en: "New campaign", vi: "Chiến dịch mới" },
  roles: ["owner", "supervisor"],
  load: () => import("./form/New.tsx"),
});
