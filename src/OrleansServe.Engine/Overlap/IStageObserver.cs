namespace OrleansServe.Engine.Overlap;

/// <summary>Is told when stages begin, on the engine's thread; for a time line. Production has none and pays a null check.</summary>
internal interface IStageObserver
{
    /// <summary>A stage begins, and the one before it has ended.</summary>
    /// <param name="layer">layer index</param>
    /// <param name="microbatch">0 or 1</param>
    /// <param name="stage">what begins</param>
    void Begin(int layer, int microbatch, OverlapStage stage);
}
