using System.Text;
using System.Text.Json.Nodes;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>Nothing in a published file can be changed without the audit saying so: each member of its JSON, one after the other.</summary>
public sealed class EveryMemberTests
{
    private readonly JsonObject _file;

    public EveryMemberTests()
    {
        var council = new Council(2, trustees: 1, threshold: 1);
        RecordState state = council.Decide(0, 1);
        _file = JsonNode.Parse(DecisionFile.Of(state, council.Events).ToBytes())!.AsObject();
    }

    [Fact]
    public void Each_member_that_is_changed_is_noticed()
    {
        Assert.True(IsValid(_file));
        AssertAllNoticed();
    }

    [Fact]
    public void Members_that_files_of_before_have_are_read_and_compared()
    {
        foreach (JsonNode? next in _file["events"]!.AsArray())
        {
            JsonObject payload = next!["payload"]!.AsObject();
            payload["name"] = payload["type"]!.GetValue<string>();
            if (payload["body"] is JsonObject body)
                body["abstainOption"] = 2;
        }

        Assert.True(IsValid(_file));
        AssertAllNoticed();
        foreach (JsonNode? next in _file["events"]!.AsArray())
        {
            JsonObject payload = next!["payload"]!.AsObject();
            JsonNode name = payload["name"]!.DeepClone();
            payload["name"] = null;
            Assert.False(IsValid(_file));
            payload["name"] = name;
        }
    }

    private void AssertAllNoticed()
    {
        List<Action<JsonObject>> changes = [];
        Collect(_file, [], changes);
        Assert.True(changes.Count > 150, $"only {changes.Count} members");
        Parallel.ForEach(changes, change =>
        {
            JsonObject copy = _file.DeepClone().AsObject();
            change(copy);
            Assert.False(IsValid(copy), copy.ToJsonString());
        });
    }

    // One change for each value that stands anywhere below.
    private static void Collect(JsonNode? node, object[] path, List<Action<JsonObject>> changes)
    {
        switch (node)
        {
            case JsonObject members:
                foreach ((string name, JsonNode? value) in members)
                    Collect(value, [.. path, name], changes);
                break;
            case JsonArray values:
                for (int i = 0; i < values.Count; i++)
                    Collect(values[i], [.. path, i], changes);
                break;
            default:
                JsonNode other = Other(node);
                changes.Add(root =>
                {
                    JsonNode parent = root;
                    foreach (object step in path[..^1])
                        parent = step is string name ? parent[name]! : parent[(int)step]!;
                    if (path[^1] is string last)
                        parent[last] = other.DeepClone();
                    else
                        parent[(int)path[^1]] = other.DeepClone();
                });
                break;
        }
    }

    private static JsonNode Other(JsonNode? value) => value switch
    {
        null => JsonValue.Create(1),
        JsonValue number when number.TryGetValue(out long known) => JsonValue.Create(known + 1),
        JsonValue text when text.TryGetValue(out string? known) && known.Length > 0 => JsonValue.Create((known[0] == '1' ? "2" : "1") + known[1..]),
        _ => JsonValue.Create("1"),
    };

    private static bool IsValid(JsonObject file) => Audit.Run(Encoding.UTF8.GetBytes(file.ToJsonString()), new AuditOptions { Parallelism = 1 }).Valid;
}
