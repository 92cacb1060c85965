using System.Text.Json;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>
/// The newest checkpoint of each proposal that the coordinator signed: kept on the disk, and shown to the coordinator after
/// it was away, so that a rolled-back record is noticed.
/// </summary>
public sealed class CheckpointBook
{
    // As many as a coordinator reads at once, with room to spare. A store that was put back lacks the newest.
    private const int MostShown = 4096;
    private readonly Lock _gate = new();
    private readonly string _path;

    // The one noted last is the last.
    private readonly OrderedDictionary<Digest, Checkpoint> _newest = [];

    /// <summary>Opens the book of a state directory. Throws <see cref="InvalidDataException"/> where it is damaged.</summary>
    public CheckpointBook(string directory)
    {
        _path = Path.Combine(directory, "checkpoints.json");
        if (DurableFile.Read(_path) is not { } bytes)
            return;
        if (!StrictJson.TryRead(bytes, WireJson.Default.CheckpointPage, out CheckpointPage? page, out string? problem))
            throw new InvalidDataException($"{_path} is damaged: {problem}");
        foreach (Checkpoint checkpoint in page.Checkpoints)
            _newest[checkpoint.Proposal] = checkpoint;
    }

    /// <summary>What is shown: all that is kept, of very many those noted last.</summary>
    public CheckpointPage Page()
    {
        lock (_gate)
            return new CheckpointPage([.. _newest.Values.Skip(_newest.Count - MostShown)]);
    }

    /// <summary>
    /// Takes note of a checkpoint whose signature was checked. Throws <see cref="InvalidDataException"/> where it contradicts what
    /// was seen: both together are proof against the coordinator.
    /// </summary>
    public void Note(Checkpoint checkpoint)
    {
        lock (_gate)
        {
            if (_newest.TryGetValue(checkpoint.Proposal, out Checkpoint? known))
            {
                if (known.Size == checkpoint.Size && known.Head != checkpoint.Head)
                    throw new InvalidDataException($"the coordinator signed two heads of proposal {checkpoint.Proposal.Short()} at size {known.Size}");
                if (known.Size >= checkpoint.Size)
                    return;
            }

            _newest.Remove(checkpoint.Proposal);
            _newest.Add(checkpoint.Proposal, checkpoint);
            DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(new CheckpointPage([.. _newest.Values]), WireJson.Default.CheckpointPage));
        }
    }

    /// <summary>How long a record was when it was seen last; 0 where it never was.</summary>
    public long SizeOf(Digest proposal)
    {
        lock (_gate)
            return _newest.TryGetValue(proposal, out Checkpoint? known) ? known.Size : 0;
    }

    /// <summary>Whether a record contains the newest checkpoint seen of it.</summary>
    public bool IsIn(Digest proposal, IReadOnlyList<RecordEvent> events)
    {
        lock (_gate)
            return !_newest.TryGetValue(proposal, out Checkpoint? known) || known.IsIn(events);
    }
}
