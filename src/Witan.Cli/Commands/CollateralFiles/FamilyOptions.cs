using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Verify;
using Witan.Dstack.CollateralService;

namespace Witan.Cli.Commands.CollateralFiles;

/// <summary>For which platform family: that of a quote, or named.</summary>
internal sealed class FamilyOptions
{
    private readonly Argument<string?> _quote = new("QUOTE") { Description = "a quote of the platform, binary or hexadecimal", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _fmspc = new("--fmspc") { Description = "12 hexadecimal digits" };
    private readonly Option<string?> _ca = new("--ca") { Description = "platform or processor" };
    private readonly Option<string?> _tee = new("--tee") { Description = "sgx or tdx" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_quote);
        command.Options.Add(_fmspc);
        command.Options.Add(_ca);
        command.Options.Add(_tee);
    }

    public PlatformFamily Read(ParseResult parsed)
    {
        string? fmspc = parsed.GetValue(_fmspc), ca = parsed.GetValue(_ca), tee = parsed.GetValue(_tee);
        if (parsed.GetValue(_quote) is { } file)
        {
            if (fmspc is not null || ca is not null || tee is not null)
                throw new CommandException("a quote names its own platform family", "give the quote, or --fmspc, --ca and --tee");
            return OfQuote(file, VerifyCommand.ReadQuoteFile(file));
        }

        if (fmspc is null || ca is null || tee is null)
            throw new CommandException("which platform family?", "give a quote, or --fmspc, --ca and --tee");
        if (fmspc.Length != 12 || !fmspc.All(char.IsAsciiHexDigit))
            throw new CommandException($"--fmspc {fmspc}: 12 hexadecimal digits");
        return new PlatformFamily(
            tee switch { "sgx" => TeeType.Sgx, "tdx" => TeeType.Tdx, _ => throw new CommandException($"--tee {tee}: sgx or tdx") },
            fmspc,
            ca switch { "platform" => PckCa.Platform, "processor" => PckCa.Processor, _ => throw new CommandException($"--ca {ca}: platform or processor") });
    }

    public static PlatformFamily OfQuote(string file, byte[] bytes) =>
        !Quote.TryParse(bytes, out Quote? quote, out Finding? refusal) ? throw new CommandException($"{file}: {refusal.Message}", refusal.Remedy)
        : PlatformFamily.TryOf(quote, out PlatformFamily? family, out refusal) ? family
        : throw new CommandException($"{file}: {refusal.Message}", refusal.Remedy);
}
