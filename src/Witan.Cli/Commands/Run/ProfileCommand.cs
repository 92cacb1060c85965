using System.CommandLine;
using Witan.Cli.CommandLine;
using Witan.Dstack;
using Witan.Worker.Deliberation;

namespace Witan.Cli.Commands.Run;

/// <summary><c>witan worker profile</c>: what an owner does with a worker's profile.</summary>
internal static class ProfileCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "the profile" };
        Option<string> key = OwnerKey.Option();
        var sign = new Command("sign", $"Sign a profile as its worker's owner, into FILE{SignedProfile.SignatureSuffix}.") { file, key };
        sign.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!, signature = path + SignedProfile.SignatureSuffix;
            byte[] json = InputFile.Read(path, 1 << 20);
            try
            {
                _ = WorkerProfile.Parse(json);
                DurableFile.Write(signature, System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SignedProfile.Sign(json, OwnerKey.Seed(parsed.GetValue(key)!))) + "\n"));
            }
            catch (FormatException e)
            {
                throw new CommandException($"{path}: {e.Message}", "examples/profiles shows the form");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CommandException($"{signature} cannot be written: {e.Message}");
            }

            terminal.Out.WriteLine($"signed: {signature}");
        });
        return new Command("profile", "Sign a worker's profile, as its owner.") { sign };
    }
}
