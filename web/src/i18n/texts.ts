import { texts as warnings } from "../warnings/texts";
import { texts as supervision } from "../supervision/texts";
import { texts as escalation } from "../escalation/texts";
import { texts as approvals } from "../approvals/texts";
import { texts as board } from "../board/texts";
import { texts as briefings } from "../briefings/texts";
import { texts as casesList } from "../cases/list/texts";
import { texts as casesPage } from "../cases/page/texts";
import { texts as catalogue } from "../catalogue/texts";
import { texts as checking } from "../checking/texts";
import { texts as clocks } from "../clocks/texts";
import { texts as costs } from "../costs/texts";
import { common as dutyCommon } from "../duty/common";
import { texts as duty } from "../duty/texts";
import { texts as indicators } from "../indicators/texts";
import { texts as ledger } from "../ledger/texts";
import { texts as map } from "../map/texts";
import { texts as outreach } from "../outreach/texts";
import { texts as opendata } from "../opendata/texts";
import { texts as people } from "../people/texts";
import { texts as phone } from "../phone/texts";
import { texts as phrases } from "../phrases/texts";
import { texts as positions } from "../positions/texts";
import { texts as regions } from "../regions/texts";
import { texts as resources } from "../resources/texts";
import { texts as routing } from "../routing/texts";
import { texts as scores } from "../scores/texts";
import { texts as screen } from "../screen/texts";
import { texts as session } from "../session/texts";
import { texts as settings } from "../settings/texts";
import { texts as tasks } from "../tasks/texts";
import { texts as workbench } from "../workbench/texts";
import { texts as common } from "./common/texts";
import { register } from "./index";

/** Everything the desk says; the field app registers its own (`field/texts.ts`). */
export const texts = {
  ...common,
  ...approvals,
  ...board,
  ...briefings,
  ...casesList,
  ...casesPage,
  ...catalogue,
  ...checking,
  ...clocks,
  ...costs,
  ...dutyCommon,
  ...duty,
  ...indicators,
  ...ledger,
  ...map,
  ...outreach,
  ...opendata,
  ...people,
  ...phone,
  ...phrases,
  ...positions,
  ...regions,
  ...resources,
  ...routing,
  ...scores,
  ...screen,
  ...session,
  ...settings,
  ...tasks,
  ...workbench,
  ...escalation,
  ...supervision,
  ...warnings,
};

register(texts);
