namespace OrleansServe.Abstractions.Usage;

/// <summary>What became of the records that a ledger was told.</summary>
/// <param name="Recorded">Counted and stored.</param>
/// <param name="Duplicates">Known before, and not counted again.</param>
/// <param name="Refused">Ended so long ago, or so far in the future, that the ledger cannot know whether it has counted them.</param>
[GenerateSerializer, Immutable, Alias("os.recorded-usage")]
public sealed record RecordedUsage([property: Id(0)] int Recorded, [property: Id(1)] int Duplicates, [property: Id(2)] int Refused);
