using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>
/// The JSON form of the record and of everything that coordinator, workers and trustees exchange: lower-case hexadecimal for
/// bytes, milliseconds for times; unknown, missing, null and duplicate members are refused.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16,
    Converters = [typeof(HexConverter), typeof(PointConverter), typeof(ScalarConverter), typeof(TimeConverter)])]
[JsonSerializable(typeof(RecordEvent))]
[JsonSerializable(typeof(DecisionFile))]
[JsonSerializable(typeof(ProposalBody))]
[JsonSerializable(typeof(Ballot))]
[JsonSerializable(typeof(IReadOnlyList<RecordEvent>))]
public sealed partial class RecordJson : JsonSerializerContext
{
    /// <summary>
    /// The same form for a record that its reader wrote itself: points are decoded when they are calculated with. Only for events of which the
    /// signature is compared next (<see cref="RecordFold.Adopt"/>): whoever signed them had decoded their points.
    /// </summary>
    public static RecordJson Own => OwnForm.Instance;

    /// <summary>The same form with line breaks, for files that people open.</summary>
    public static RecordJson Indented => IndentedForm.Instance;

    // Classes of their own: they are made from the other form, which must be there first.
    private static class OwnForm
    {
        public static RecordJson Instance { get; } = Make();

        private static RecordJson Make()
        {
            var options = new JsonSerializerOptions(Default.Options) { TypeInfoResolver = null };
            options.Converters.Insert(0, new KnownPointConverter());
            return new RecordJson(options);
        }
    }

    private static class IndentedForm
    {
        public static RecordJson Instance { get; } = new(new JsonSerializerOptions(Default.Options) { TypeInfoResolver = null, WriteIndented = true });
    }
}

/// <summary>A published decision: a summary for people, and the events from which anyone recomputes it.</summary>
/// <param name="Schema"><see cref="SchemaName"/>.</param>
/// <param name="Mark">What the mode obliges every output to say; empty in production.</param>
/// <param name="Proposal">The proposal's id.</param>
/// <param name="State">State that the events lead to.</param>
/// <param name="Decision">How it was decided; null where it was not.</param>
/// <param name="Winner">Name of the option that won; null where none did.</param>
/// <param name="Counts">Votes by option in ballot order; empty where nothing was opened.</param>
/// <param name="Events">The record.</param>
public sealed record DecisionFile(
    string Schema,
    string Mark,
    Digest Proposal,
    ProposalState State,
    Decision? Decision,
    string? Winner,
    IReadOnlyList<long> Counts,
    IReadOnlyList<RecordEvent> Events)
{
    /// <summary>Name and version of the form.</summary>
    public const string SchemaName = "witan.decision/1";

    /// <summary>
    /// The mark's warning in full, before everything else; empty in production, and in files from before it was written, which have no such member: their reader
    /// sets it to null.
    /// </summary>
    [JsonPropertyOrder(-1)]
    public string Warning { get; init => field = value ?? ""; } = "";

    /// <summary>The file for a record and the state it leads to.</summary>
    public static DecisionFile Of(RecordState state, IReadOnlyList<RecordEvent> events) => new(
        SchemaName,
        state.Mode.Mark() ?? "",
        state.ProposalId,
        state.State,
        state.Outcome?.Decision,
        state.Outcome?.Winner is { } winner ? state.Body.Options[winner] : null,
        state.Counts,
        events)
    {
        Warning = state.Mode.Warning() ?? "",
    };

    /// <summary>The file's bytes: indented JSON.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, RecordJson.Indented.DecisionFile);
}
