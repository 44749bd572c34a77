package io.gripstream.curator;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * One bound for the native memory of all stores of this process, however many partitions it gets:
 * blocks, indexes, filters and write buffers all count against one cache. Streams' default is about
 * 100 MB for each store of each partition.
 *
 * <p>Close it after the stream.
 */
public final class RocksMemory implements AutoCloseable {
  static final String CONFIG = "gripstream.curator.rocks-memory";

  private static final long WRITE_BUFFER = 2L << 20;

  private final Cache cache;
  private final WriteBufferManager writeBuffers;

  /**
   * @param bytes for everything; half of them may be write buffers
   */
  public RocksMemory(long bytes) {
    RocksDB.loadLibrary();
    cache = new LRUCache(bytes);
    writeBuffers = new WriteBufferManager(bytes / 2, cache);
  }

  @Override
  public void close() {
    writeBuffers.close();
    cache.close();
  }

  /** Kafka Streams makes it itself; it finds its memory in the configuration. */
  public static final class Setter implements RocksDBConfigSetter {
    @Override
    public void setConfig(String storeName, Options options, Map<String, Object> configs) {
      if (!(configs.get(CONFIG) instanceof RocksMemory memory)) {
        throw new IllegalArgumentException(CONFIG + " is not set");
      }
      BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
      table.setBlockCache(memory.cache);
      table.setCacheIndexAndFilterBlocks(true);
      table.setPinTopLevelIndexAndFilter(true);
      options.setTableFormatConfig(table);
      options.setWriteBufferManager(memory.writeBuffers);
      options.setWriteBufferSize(WRITE_BUFFER);
    }

    @Override
    public void close(String storeName, Options options) {
      // The memory is shared; whoever made it closes it.
    }
  }
}
