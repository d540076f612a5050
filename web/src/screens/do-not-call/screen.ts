import { screen } from "../../app/screens.ts";

export default screen({
  path: "/do-not-call",
  title: { en: "Do not call", vi: "Không gọi" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "dial", order: 30 },
  load: () => import("./DoNotCall.tsx"),
});
