using Witan.Fuzz.Records;

switch (args.FirstOrDefault())
{
    case "record":
        return RecordFuzz.Run(args[1..]);
    default:
        await Console.Error.WriteLineAsync("usage: record FILE [--count N] [--seed S]");
        return 2;
}
