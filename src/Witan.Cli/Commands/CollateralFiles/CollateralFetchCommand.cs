using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Verify;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.CollateralFiles;

/// <summary><c>witan collateral fetch</c>: gets it, verifies it, keeps it.</summary>
internal static class CollateralFetchCommand
{
    public static Command Create(Terminal terminal)
    {
        var family = new FamilyOptions();
        var sources = new SourceOptions();
        var output = new Option<string?>("--output") { Description = "write the collateral to this file, for witan verify --collateral" };
        var refresh = new Option<bool>("--refresh") { Description = "fetch even where the cache has some that is recent" };
        var root = new Option<string?>("--trust-root") { Description = "trust these roots (PEM) instead of Intel's" };
        var simulated = new Option<bool>("--simulated") { Description = "the trust root is a development root" };
        var json = new Option<bool>("--json") { Description = "print JSON (witan.collateral/1)" };
        var command = new Command("fetch", "Fetch collateral for a platform family, verify it, and keep it.") { output, refresh, root, simulated, json };
        family.AddTo(command);
        foreach (Option option in sources.All)
            command.Options.Add(option);
        command.SetAction(async (parsed, token) =>
        {
            PlatformFamily wanted = family.Read(parsed);
            using CollateralClient client = sources.Client(parsed, VerifyCommand.Root(parsed.GetValue(root), parsed.GetValue(simulated)));
            await terminal.Error.WriteLineAsync($"collateral: {wanted}");
            CollateralResult result = await client.GetAsync(wanted, parsed.GetValue(refresh), token);
            if (result.Collateral is { } fetched && parsed.GetValue(output) is { } path)
                OutputFile.Write(path, fetched.Bundle.Span);
            var sight = new CollateralSight(result.Collateral?.Source ?? wanted.ToString(), result.Collateral?.Trusted, result.Collateral, result.Findings);
            CollateralReport.Write(terminal, sight, parsed.GetValue(json));
            return result.Collateral is null ? ExitCode.Undecided : ExitCode.Good;
        });
        return command;
    }
}
