namespace OrleansServe.Cli.Bench.Experts;

/// <summary>The way of rows to a far device and back, in timestamps.</summary>
/// <param name="Sent">The engine sent them.</param>
/// <param name="Arrived">The device may look at them: one hop later.</param>
/// <param name="Begun">It began to compute.</param>
/// <param name="Ended">It ended.</param>
/// <param name="Returned">The engine may look at the outputs: one hop later.</param>
internal readonly record struct FarTimes(long Sent, long Arrived, long Begun, long Ended, long Returned);
