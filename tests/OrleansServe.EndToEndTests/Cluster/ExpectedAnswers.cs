using Xunit;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>What a version of the model answers.</summary>
/// <param name="Weights">Fingerprint of its weights.</param>
/// <param name="Contents">By the request's number.</param>
internal sealed record ExpectedAnswers(string Weights, string[] Contents)
{
    /// <summary>Holds the stream of a request's number against what is expected of it.</summary>
    public void AssertEqual(int number, StreamRecord record) => Assert.Equal((Weights, Contents[number % Contents.Length]), (record.Weights, record.Content));

    /// <summary>Holds streams, by number, against what is expected of them.</summary>
    public void AssertEqual(IReadOnlyList<StreamRecord> records)
    {
        for (int number = 0; number < records.Count; number++)
        {
            AssertEqual(number, records[number]);
        }
    }
}
