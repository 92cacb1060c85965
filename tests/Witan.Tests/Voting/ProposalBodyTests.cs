using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Tests.Coordinator;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

public class ProposalBodyTests
{
    /// <summary>The reader of JSON does not keep what a property begins with; a stranger's proposal must not depend on that.</summary>
    [Fact]
    public void A_proposal_without_facts_in_its_json_has_none()
    {
        JsonObject json = JsonSerializer.SerializeToNode(TestProposals.Body("Elm or oak?"), WireJson.Default.ProposalBody)!.AsObject();
        json.Remove("facts");
        ProposalBody body = JsonSerializer.Deserialize(json.ToJsonString(), WireJson.Default.ProposalBody)!;
        Assert.Empty(body.Facts);
        Assert.Null(body.Problem());
        Assert.NotEqual(Digest.Zero, body.Id());
    }
}
