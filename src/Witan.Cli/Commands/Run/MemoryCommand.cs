using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Voting;
using Witan.Worker.Memory;

namespace Witan.Cli.Commands.Run;

/// <summary>
/// <c>witan worker memory</c>: a worker's memory, for its owner alone. It runs beside the worker, because only there can the key be
/// derived; the owner's key is asked for because being there is not the same as being the owner.
/// </summary>
internal static class MemoryCommand
{
    private static readonly Option<string> State = new("--state") { Description = "the worker's state directory", Required = true };
    private static readonly Option<string> Key = OwnerKey.Option();
    private static readonly Option<string?> Socket = new("--socket") { Description = "the guest agent's socket (default: the usual places)" };
    private static readonly Option<string?> Root = new("--development-root") { Description = "the root (PEM) that the worker trusts instead of Intel's: marks what is printed as simulated (default: WITAN_DEVELOPMENT_ROOT)" };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("memory", "Read and extend a worker's memory, as its owner.");
        var json = new Option<bool>("--json") { Description = "print JSON (witan.memory/1)" };
        var show = new Command("show", "Print what the worker remembers.") { State, Key, Socket, Root, json };
        show.SetAction((parsed, token) => RunAsync(parsed, terminal, async desk =>
        {
            WorkerMemory memory = await desk.Store.OpenAsync(desk.Owner, token);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(MemoryExport.Of(memory, desk.Mode));
            else
                Show(terminal, memory);
        }, token));

        var kind = new Option<string>("--kind") { Description = "preference (what it values) or knowledge (what it knows)", DefaultValueFactory = _ => "knowledge" };
        kind.AcceptOnlyFromAmong("preference", "knowledge");
        var text = new Argument<string>("TEXT") { Description = $"the note, at most {WorkerMemory.MaximumText} characters; - reads standard input" };
        var add = new Command("add", "Add a note, signed by the owner.") { text, kind, State, Key, Socket, Root };
        add.SetAction((parsed, token) => RunAsync(parsed, terminal, async desk =>
        {
            MemoryEntry entry = SignedNotes.Entry(desk.Seed, Kind(parsed), TimeProvider.System.GetUtcNow(), await NoteAsync(parsed, token));
            WorkerMemory memory = await desk.Store.AddAsync(desk.Owner, entry, token);
            terminal.Out.WriteLine($"added; the memory has {memory.Entries.Count} entries");
            if (Recollection.NotesLeftOut(memory) is > 0 and var left)
                terminal.Error.WriteLine($"{terminal.Warning("!")} the oldest notes are no longer put before the worker's mind ({left}): it takes {Recollection.MaximumCharacters} characters of them");
        }, token));

        var sign = new Command("sign", "Print a note signed by the owner, as one word for a file of --notes. Needs no worker.") { text, kind, Key };
        sign.SetAction(async (parsed, token) =>
        {
            try
            {
                terminal.Out.WriteLine(SignedNotes.Sign(OwnerKey.Seed(parsed.GetValue(Key)!), Kind(parsed), TimeProvider.System.GetUtcNow(), await NoteAsync(parsed, token)));
            }
            catch (SettingException e)
            {
                throw new CommandException(e.Message, e.Hint);
            }
        });

        var export = new Command("export", "Print the whole memory in clear, as JSON (witan.memory/1).") { State, Key, Socket, Root };
        export.SetAction((parsed, token) => RunAsync(
            parsed, terminal, async desk => terminal.Out.WriteLine(MemoryExport.Of(await desk.Store.OpenAsync(desk.Owner, token), desk.Mode)), token));

        var rotate = new Command("rotate", "Seal the memory again under the next key.") { State, Key, Socket, Root };
        rotate.SetAction((parsed, token) => RunAsync(
            parsed, terminal, async desk => terminal.Out.WriteLine($"sealed under key epoch {await desk.Store.RotateAsync(desk.Owner, token)}"), token));

        var owner = new Command("owner", "Print the public key for --owner and WITAN_OWNER.") { Key };
        owner.SetAction(parsed => terminal.Out.WriteLine(Convert.ToHexStringLower(Ed25519.PublicKey(OwnerKey.Seed(parsed.GetValue(Key)!)))));

        MemoryKind Kind(ParseResult parsed) => parsed.GetValue(kind) == "preference" ? MemoryKind.Preference : MemoryKind.Knowledge;

        async Task<string> NoteAsync(ParseResult parsed, CancellationToken token) =>
            parsed.GetValue(text) is not "-" and { } note ? note : (await Console.In.ReadToEndAsync(token)).Trim();

        foreach (Command each in new[] { show, add, sign, export, rotate, owner })
            command.Add(each);
        return command;
    }

    private static void Show(Terminal terminal, WorkerMemory memory)
    {
        if (memory.Entries.Count == 0)
            terminal.Out.WriteLine("it remembers nothing yet");
        foreach (MemoryEntry entry in memory.Entries)
            terminal.Out.WriteLine($"{entry.At:yyyy-MM-dd HH:mm}  {terminal.Bold(entry.Kind.ToString().ToLowerInvariant()),-12} {Terminal.Plain(entry.Text.ReplaceLineEndings(" "))}");
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, Func<MemoryDesk, Task> run, CancellationToken cancellationToken)
    {
        string state = parsed.GetValue(State)!;
        if (!Directory.Exists(state))
            throw new CommandException($"there is no state directory {state}", "give the one that the worker runs with");
        byte[] seed = OwnerKey.Seed(parsed.GetValue(Key)!);
        string path = Path.Combine(state, WorkerMind.FileName);
        try
        {
            string? root = parsed.GetValue(Root) ?? Environment.GetEnvironmentVariable("WITAN_DEVELOPMENT_ROOT");
            if (root is not null)
                JudgeSettings.Root(root); // a path that is mistyped is no root
            ExecutionSettings execution = ExecutionSettings.Resolve(
                Environment.GetEnvironmentVariable("LOCAL_MODE"), simulated: root is not null, parsed.GetValue(Socket), "127.0.0.1", "local-record");
            if (execution.Mode.Warning() is { } warning)
                await terminal.Error.WriteLineAsync($"{terminal.Warning("!")} {warning}");
            // Only the worker makes its memory, for the owner that it was started with: made here it would be whoever's comes first.
            if (!File.Exists(path))
                throw new CommandException($"there is no memory at {path}", "a worker makes it when it starts, for the key of its --owner or WITAN_OWNER", ExitCode.Rejected);
            using DstackClient? dstack = execution.Socket is null ? null : new DstackClient(execution.Socket);
            using AgentSecrets secrets = dstack is null
                ? AgentSecrets.ReadDirectory(state)
                : await AgentSecrets.FromDstackAsync(dstack, AgentRole.Worker, shared: false, cancellationToken);
            var store = new MemoryStore(path, (epoch, token) => AppKey.DeriveAsync(dstack, secrets, $"witan/worker/memory/{epoch}", token));
            await run(new MemoryDesk(store, Ed25519.PublicKey(seed), seed, execution.Mode));
            return ExitCode.Good;
        }
        catch (SettingException e)
        {
            throw new CommandException(e.Message, e.Hint);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(e.Message);
        }
        catch (DstackException e)
        {
            throw new CommandException(e.Message, "is the guest agent running?", ExitCode.Undecided);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // A file that cannot be read is wrong usage, as everywhere; what is missing, or was read and says no, is a refusal.
            bool isUnread = (e is MemoryException ? e.InnerException : e) is UnauthorizedAccessException or IOException and not FileNotFoundException;
            throw new CommandException(
                e.Message, "is this the worker's own state directory, and the owner's key that the worker was started with?", isUnread ? ExitCode.Usage : ExitCode.Rejected);
        }
    }

    private sealed record MemoryDesk(MemoryStore Store, byte[] Owner, byte[] Seed, ExecutionMode Mode);
}

/// <summary>A memory in clear, for its owner.</summary>
/// <param name="Schema"><c>witan.memory/1</c>.</param>
/// <param name="Mark">What stands behind it where that is no TEE, as in every answer; null in production.</param>
/// <param name="Owner">The owner's Ed25519 public key, in hexadecimal.</param>
/// <param name="Sequence">How often it was changed.</param>
/// <param name="Entries">Oldest first.</param>
internal sealed record MemoryExport(string Schema, string? Mark, string Owner, ulong Sequence, IReadOnlyList<MemoryEntry> Entries)
{
    public static string Of(WorkerMemory memory, ExecutionMode mode) => JsonSerializer.Serialize(
        new MemoryExport("witan.memory/1", mode.Mark(), Convert.ToHexStringLower(memory.Owner), memory.Sequence, memory.Entries),
        MemoryExportJson.Default.MemoryExport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MemoryExport))]
internal sealed partial class MemoryExportJson : JsonSerializerContext;
