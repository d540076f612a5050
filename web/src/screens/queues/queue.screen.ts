import { screen } from "../../app/screens.ts";

export default screen({
  path: "/queues/$queueId",
  title: { en: "Queue", vi: "Hàng đợi" },
  roles: ["owner", "supervisor", "viewer"],
  load: () => import("./Queue.tsx"),
});
