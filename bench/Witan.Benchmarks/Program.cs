using Witan.Benchmarks.Ballots;
using Witan.Benchmarks.Dstack;
using Witan.Benchmarks.Verify;

switch (args.FirstOrDefault())
{
    case "ballots":
        return BallotsBenchmark.Run(args[1..]);
    case "dstack":
        return await DstackBenchmark.RunAsync(args[1..]);
    case "verify":
        return VerifyBenchmark.Run(args[1..]);
    default:
        await Console.Error.WriteLineAsync("usage: dotnet run -c Release --project bench/Witan.Benchmarks -- (ballots [--ballots N] | dstack [--rounds N] | verify [--rounds N] [--no-peer]) [--json]");
        return 2;
}
