using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Protocol.V1;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Sessions;

public sealed class PromptLogprobsPartsTests
{
    [Fact]
    public void Of_NothingAskedForOrOneToken_GivesNoMessage()
    {
        Assert.Empty(PromptLogprobsParts.Of([1, 2], null));
        Assert.Empty(PromptLogprobsParts.Of([1], new PromptScores([], 0, [], [])));
    }

    [Theory]
    [InlineData(2, 0, 1)]
    [InlineData(1025, 3, 1)]
    [InlineData(1026, 20, 2)]
    [InlineData(3000, 20, 3)]
    public void Of_Scores_GivesEachPositionOnceInMessagesOfBoundedSize(int tokens, int top, int messages)
    {
        ImmutableArray<int> prompt = [.. Enumerable.Range(0, tokens).Select(i => 100_000 + i)];
        int positions = tokens - 1;
        PromptScores scores = new(
            [.. Enumerable.Range(0, positions).Select(i => -1f - i)],
            top,
            [.. Enumerable.Range(0, positions * top).Select(i => 2_000_000 + i)],
            [.. Enumerable.Range(0, positions * top).Select(i => -0.5f - i)]);

        PromptLogprobs[] parts = [.. PromptLogprobsParts.Of(prompt, scores)];

        Assert.Equal(messages, parts.Length);
        Assert.All(parts, part => Assert.InRange(part.CalculateSize(), 1, 512 * 1024));
        int position = 1;
        foreach (PromptLogprobs part in parts)
        {
            Assert.Equal(position, part.FirstPosition);
            foreach (TokenLogprob entry in part.Tokens)
            {
                Assert.Equal((prompt[position], -(float)position), (entry.TokenId, entry.Logprob));
                Assert.Equal(Enumerable.Range((position - 1) * top, top).Select(i => 2_000_000 + i), entry.Top.Select(alternative => alternative.TokenId));
                Assert.Equal(Enumerable.Range((position - 1) * top, top).Select(i => -0.5f - i), entry.Top.Select(alternative => alternative.Logprob));
                position++;
            }
        }

        Assert.Equal(tokens, position);
    }
}
