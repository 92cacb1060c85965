using Witan.Fuzz.Flips;
using Witan.Fuzz.Machines;
using Witan.Fuzz.Quotes;
using Witan.Fuzz.Records;
using Witan.Fuzz.Reports;

switch (args.FirstOrDefault())
{
    case "record":
        return RecordFuzzRun.Run(args[1..]);
    case "ias-report":
        return ReportFuzz.Run(args[1..]);
    case "pib":
        return PlatformInfoFuzz.Run(args[1..]);
    case "snapshot":
        return SnapshotFuzz.Run(args[1..]);
    case "flips":
        return FlipRun.Run(args[1..]);
    case { } target when AttestationTargets.Run(target, args[1..]) is { } code:
        return code;
    default:
        await Console.Error.WriteLineAsync($"usage: record [--count N] [--seconds S] [--seed S]; {string.Join('|', AttestationTargets.Names)}|ias-report|pib|snapshot [FILE...] [--count N] [--seconds S] [--seed S]; flips FOLDER [--stride N] [--collateral]");
        return 2;
}
