using Witan.Benchmarks.Ballots;

switch (args.FirstOrDefault())
{
    case "ballots":
        return BallotsBenchmark.Run(args[1..]);
    default:
        await Console.Error.WriteLineAsync("usage: dotnet run -c Release --project bench/Witan.Benchmarks -- ballots [--ballots N] [--json]");
        return 2;
}
