using System.Text.Json;
using Witan.Voting;

namespace Witan.Tests.Coordinator;

/// <summary>Policies that workers and trustees of small councils hold to.</summary>
internal static class TestPolicies
{
    /// <summary>Writes a policy under which one worker is enough, as for <see cref="RunningCoordinator"/>. Gives the file.</summary>
    public static string Few(string folder)
    {
        string file = Path.Combine(Directory.CreateDirectory(folder).FullName, "few.json");
        var policy = new CouncilPolicy { Name = "few", MinimumWorkers = 1, MinimumAnonymity = 1 };
        // Another agent may be reading it.
        if (!File.Exists(file))
            File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(policy, PolicyJson.Default.CouncilPolicy));
        return file;
    }
}
