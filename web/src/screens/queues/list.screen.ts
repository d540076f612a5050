import { screen } from "../../app/screens.ts";

export default screen({
  path: "/queues",
  title: { en: "Queues", vi: "Hàng đợi" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 10 },
  load: () => import("./List.tsx"),
});
