import { screen } from "../../app/screens.ts";

export default screen({
  path: "/campaigns",
  title: { en: "Campaigns", vi: "Chiến dịch" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "dial", order: 10 },
  load: () => import("./List.tsx"),
});
